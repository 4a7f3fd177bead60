# wrong: weights_input_to_hidden: NO_DERIV_ALL
import numpy as np


class NeuralNetwork(object):
    def __init__(self, input_nodes, hidden_nodes, output_nodes):
        self.weights_input_to_hidden = np.random.normal(0.0, input_nodes**-0.5, (input_nodes, hidden_nodes))
        self.weights_hidden_to_output = np.random.normal(0.0, hidden_nodes**-0.5, (hidden_nodes, output_nodes))

    def sigmoid(self, s, deriv=False):
        if deriv:
            return s * (1 - s)
        return 1 / (1 + np.exp(-s))

    def forward(self, X):
        self.z = np.dot(X, self.weights_input_to_hidden)
        self.z2 = self.sigmoid(self.z)
        self.z3 = np.dot(self.z2, self.weights_hidden_to_output)
        return self.sigmoid(self.z3)

    def backward(self, X, y, output):
        output_error = y - output
        output_delta = output_error * self.sigmoid(output, deriv=True)
        z2_error = output_delta.dot(self.weights_hidden_to_output.T)
        z2_delta = z2_error
        self.weights_input_to_hidden += X.T.dot(z2_delta)
        self.weights_hidden_to_output += self.z2.T.dot(output_delta)

    def train(self, X, y):
        output = self.forward(X)
        self.backward(X, y, output)


NN = NeuralNetwork(2, 3, 1)
for i in range(1000):
    if i % 100 == 0:
        print("Loss: " + str(np.mean(np.square(np.ones((1, 1)) - NN.forward(np.ones((1, 2)))))))
    NN.train(np.ones((1, 2)), np.ones((1, 1)))
