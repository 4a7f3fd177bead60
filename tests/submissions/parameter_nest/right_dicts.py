import numpy as np
def init(layers):
    return [{"W": np.random.randn(a, b), "b": np.zeros(b)} for a, b in zip(layers[:-1], layers[1:])]
def forward(params, x):
    zs = [x]
    for i, p in enumerate(params):
        u = zs[-1]@p["W"]+p["b"]
        zs.append(u if i == len(params)-1 else np.tanh(u))
    return zs
def loss(params, x, d):
    return 0.5*np.mean((forward(params, x)[-1]-d)**2)
def backward(params, x, d):
    zs = forward(params, x)
    delta = (zs[-1]-d)/d.size
    grads = []
    for i in reversed(range(len(params))):
        grads.insert(0, {"W": zs[i].T@delta, "b": delta.sum(0)})
        delta = delta@params[i]["W"].T*(1-zs[i]**2)
    return grads
