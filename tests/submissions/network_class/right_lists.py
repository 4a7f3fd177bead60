import numpy as np
class MLP:
    def __init__(self, layers):
        self.weights = [np.random.randn(a,b)*0.1 for a,b in zip(layers[:-1],layers[1:])]
        self.biases = [np.zeros(b) for b in layers[1:]]
    def forward(self, x):
        self.zs=[x]
        for i,(W,b) in enumerate(zip(self.weights,self.biases)):
            x = x@W+b
            if i < len(self.weights)-1: x = np.maximum(x,0)
            self.zs.append(x)
        return x
    def backward(self, d):
        delta = (self.zs[-1]-d)/len(d)
        dWs=[None]*len(self.weights); dbs=[None]*len(self.weights)
        for i in reversed(range(len(self.weights))):
            dWs[i]=self.zs[i].T@delta; dbs[i]=delta.sum(0)
            delta=(delta@self.weights[i].T)*(self.zs[i]>0)
        return dWs, dbs
