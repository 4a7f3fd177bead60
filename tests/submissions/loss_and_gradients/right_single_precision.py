import numpy as np
class TwoLayerNet(object):
    def __init__(self, input_dim=3*32*32, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params = {}
        self.reg = reg
        self.params['W1'] = weight_scale*np.random.randn(input_dim, hidden_dim).astype(np.float32)
        self.params['b1'] = np.zeros(hidden_dim, dtype=np.float32)
        self.params['W2'] = weight_scale*np.random.randn(hidden_dim, num_classes).astype(np.float32)
        self.params['b2'] = np.zeros(num_classes, dtype=np.float32)
    def loss(self, X, y=None):
        N = X.shape[0]
        h = np.maximum(0, X.reshape(N,-1)@self.params['W1']+self.params['b1'])
        s = h@self.params['W2']+self.params['b2']
        if y is None: return s
        s = s - s.max(1,keepdims=True)
        p = np.exp(s); p/=p.sum(1,keepdims=True)
        loss = -np.log(p[np.arange(N),y]).mean() + 0.5*self.reg*sum((self.params[k]**2).sum() for k in ('W1','W2'))
        ds = p; ds[np.arange(N),y]-=1; ds/=N
        g = {}
        g['W2']=h.T@ds+self.reg*self.params['W2']; g['b2']=ds.sum(0)
        dh = ds@self.params['W2'].T*(h>0)
        g['W1']=X.reshape(N,-1).T@dh+self.reg*self.params['W1']; g['b1']=dh.sum(0)
        return loss, g
