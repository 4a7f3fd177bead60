# Right; softmax output, one sample.
import numpy as np
def init_network():
    network = {}
    network['W1'] = np.array([[0.1,0.3,0.5],[0.2,0.4,0.6]])
    network['b1'] = np.array([0.1,0.2,0.3])
    network['W2'] = np.array([[0.1,0.4],[0.2,0.5],[0.3,0.6]])
    network['b2'] = np.array([0.1,0.2])
    return network
def sigmoid(x): return 1/(1+np.exp(-x))
def softmax(x):
    e = np.exp(x-np.max(x)); return e/np.sum(e)
def forward(network, x):
    u1 = np.dot(x, network['W1'])+network['b1']
    z1 = sigmoid(u1)
    u2 = np.dot(z1, network['W2'])+network['b2']
    y = softmax(u2)
    return y, z1
def backward(x, d, z1, y):
    grad = {}
    delta2 = y - d
    grad['b2'] = delta2; grad['W2'] = np.outer(z1, delta2)
    delta1 = np.dot(delta2, network['W2'].T)*z1*(1-z1)
    grad['b1'] = delta1; grad['W1'] = np.outer(x, delta1)
    return grad
network = init_network()
x = np.array([1.,2.]); d = np.array([0,1])
y, z1 = forward(network, x)
grad = backward(x, d, z1, y)
