# wrong: Sequential.x Sequential.parameters[0] Sequential.parameters[1] Sequential.parameters[2] Sequential.parameters[3]
import numpy as np
class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)*0.1
        self.b = np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T
    def parameters(self): return [self.W, self.b]
    def gradients(self): return [self.dW, self.db]
class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)
    def backward(self, dout): return dout
    def parameters(self): return []
    def gradients(self): return []
class Sequential:
    def __init__(self, sizes):
        self.layers = []
        for i in range(len(sizes)-1):
            self.layers.append(Linear(sizes[i], sizes[i+1]))
            if i < len(sizes)-2: self.layers.append(ReLU())
    def forward(self, x):
        for l in self.layers: x = l.forward(x)
        return x
    def backward(self, dout):
        for l in reversed(self.layers): dout = l.backward(dout)
        return dout
    def parameters(self): return [p for l in self.layers for p in l.parameters()]
    def gradients(self): return [g for l in self.layers for g in l.gradients()]
