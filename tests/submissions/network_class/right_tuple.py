import numpy as np
class Net:
    def __init__(self, D, H, C):
        self.W1 = 0.1*np.random.randn(D,H); self.b1 = np.zeros((1,H))
        self.W2 = 0.1*np.random.randn(H,C); self.b2 = np.zeros((1,C))
    def forward(self, X):
        self.a1 = np.maximum(0, X@self.W1+self.b1)
        s = self.a1@self.W2+self.b2
        e = np.exp(s-s.max(1,keepdims=True)); self.p = e/e.sum(1,keepdims=True)
        return self.p
    def backward(self, X, y):
        n = X.shape[0]
        ds = self.p.copy(); ds[range(n), y] -= 1; ds /= n
        dW2 = self.a1.T@ds; db2 = ds.sum(0,keepdims=True)
        da = ds@self.W2.T; da[self.a1<=0]=0
        dW1 = X.T@da; db1 = da.sum(0,keepdims=True)
        return dW1, db1, dW2, db2
