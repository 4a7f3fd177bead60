import numpy as np
class NN:
    def __init__(self, input_size, hidden_size, output_size, learning_rate=0.01):
        self.W1 = np.random.randn(input_size, hidden_size); self.b1 = np.zeros(hidden_size)
        self.W2 = np.random.randn(hidden_size, output_size); self.b2 = np.zeros(output_size)
        self.learning_rate = learning_rate
    def sigmoid(self, z): return 1/(1+np.exp(-z))
    def forward(self, X):
        self.Z1 = X@self.W1+self.b1; self.A1 = np.tanh(self.Z1)
        self.Z2 = self.A1@self.W2+self.b2; self.A2 = self.sigmoid(self.Z2)
        return self.A2
    def compute_loss(self, y_true, y_pred):
        m = y_true.shape[0]
        return -np.sum(y_true*np.log(y_pred)+(1-y_true)*np.log(1-y_pred))/m
    def backward(self, X, y):
        m = X.shape[0]
        dZ2 = self.A2 - y
        dW2 = self.A1.T@dZ2/m; db2 = dZ2.sum(0)/m
        dZ1 = (dZ2@self.W2.T)*(1-self.A1**2)
        dW1 = X.T@dZ1/m; db1 = dZ1.sum(0)/m
        self.W1 -= self.learning_rate*dW1; self.b1 -= self.learning_rate*db1
        self.W2 -= self.learning_rate*dW2; self.b2 -= self.learning_rate*db2
