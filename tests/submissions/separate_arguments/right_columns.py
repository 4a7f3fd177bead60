import numpy as np
def relu(x): return np.maximum(0,x)
def forward(X, W1, b1, W2, b2):
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    Z2 = np.dot(W2, A1) + b2
    e = np.exp(Z2 - Z2.max(0)); A2 = e/e.sum(0)
    return Z1, A1, Z2, A2
def cross_entropy(A2, Y):
    return -np.sum(Y*np.log(A2))/Y.shape[1]
def backward(Z1, A1, Z2, A2, W1, W2, X, Y):
    m = X.shape[1]
    dZ2 = A2 - Y
    dW2 = 1/m*dZ2.dot(A1.T)
    db2 = 1/m*np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = W2.T.dot(dZ2)*(Z1>0)
    dW1 = 1/m*dZ1.dot(X.T)
    db1 = 1/m*np.sum(dZ1, axis=1, keepdims=True)
    return dW1, db1, dW2, db2
