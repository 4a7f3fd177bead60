import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def nn_cost_function(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, lmbda):
    split = hidden_layer_size * (input_layer_size + 1)
    Theta1 = nn_params[:split].reshape((hidden_layer_size, input_layer_size + 1), order="F")
    Theta2 = nn_params[split:].reshape((num_labels, hidden_layer_size + 1), order="F")
    m = X.shape[0]
    J = 0
    D1 = np.zeros(Theta1.shape)
    D2 = np.zeros(Theta2.shape)
    for i in range(m):
        a1 = np.append(1, X[i])
        z2 = Theta1 @ a1
        a2 = np.append(1, sigmoid(z2))
        a3 = sigmoid(Theta2 @ a2)
        t = (np.arange(1, num_labels + 1) == y[i]).astype(float)
        J -= (t @ np.log(a3) + (1 - t) @ np.log(1 - a3)) / m
        d3 = a3 - t
        d2 = (Theta2.T @ d3)[1:] * sigmoid(z2) * (1 - sigmoid(z2))
        D2 += np.outer(d3, a2) / m
        D1 += np.outer(d2, a1) / m
    J += lmbda / (2 * m) * ((Theta1[:, 1:] ** 2).sum() + (Theta2[:, 1:] ** 2).sum())
    D1[:, 1:] += lmbda / m * Theta1[:, 1:]
    D2[:, 1:] += lmbda / m * Theta2[:, 1:]
    return J, np.hstack((D1.ravel(order="F"), D2.ravel(order="F")))
