import numpy as np
class Perceptron:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out); self.b = np.zeros(n_out)
    def forward(self, x):
        self.x = x; self.y = x@self.W+self.b
        return self.y
    def backward(self, d):
        e = (self.y - d)/len(d)
        self.dW = self.x.T@e; self.db = e.sum(0)
