# wrong: theta: REG_HALF
import numpy as np
def sigmoid(z): return 1/(1+np.exp(-z))
def cost_function(theta, X, y, lambda_=0.1):
    m = len(y)
    h = sigmoid(X @ theta)
    J = (-y @ np.log(h) - (1-y) @ np.log(1-h)) / m + lambda_/(2*m)*np.sum(theta**2)
    grad = X.T @ (h - y) / m + lambda_/(2*m)*theta
    return J, grad
