# wrong: W1 b1: TANH_1-Z
import numpy as np
class MLP:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden)*0.1
        self.b1 = np.zeros(n_hidden)
        self.W2 = np.random.randn(n_hidden, n_out)*0.1
        self.b2 = np.zeros(n_out)
    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1 + self.b1)
        self.y = self.h @ self.W2 + self.b2
        return self.y
    def loss(self, y, d):
        return 0.5*np.mean(np.sum((y-d)**2, axis=1))
    def backward(self, d):
        dy = (self.y - d) / len(d)
        dh = dy @ self.W2.T * (1 - self.x[:, :1]*0 - self.h)
        self.grads = {"dW1": self.x.T @ dh, "db1": dh.sum(axis=0), "dW2": self.h.T @ dy, "db2": dy.sum(axis=0)}
