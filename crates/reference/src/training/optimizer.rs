//! SPEC 7.2.4: optimizers, one element.

/// The eight hyperparameters of `Sgd` and the factor of the parameter's learning rate; the new parameter and velocity.
pub fn sgd(gradient: f32, parameter: f32, velocity: f32, hyper: [f32; 8], scale: f32) -> [f32; 2] {
    let [rate, momentum, dampening, decay, nesterov, first, ..] = hyper;
    let gradient = gradient + decay * parameter;
    if momentum == 0.0 {
        return [parameter - rate * scale * gradient, velocity];
    }
    let velocity = if first != 0.0 { gradient } else { momentum * velocity + (1.0 - dampening) * gradient };
    let direction = if nesterov != 0.0 { gradient + momentum * velocity } else { velocity };
    [parameter - rate * scale * direction, velocity]
}

/// The eight hyperparameters of `Adam` and the factor of the parameter's learning rate; the new parameter and moments.
pub fn adam(gradient: f32, [parameter, first, second]: [f32; 3], hyper: [f32; 8], scale: f32) -> [f32; 3] {
    let [rate, beta1, beta2, epsilon, decay, correction1, correction2, _] = hyper;
    let gradient = gradient + decay * parameter;
    let first = beta1 * first + (1.0 - beta1) * gradient;
    let second = beta2 * second + (1.0 - beta2) * (gradient * gradient);
    let divisor = second.sqrt() / correction2.sqrt() + epsilon;
    [parameter - rate * scale / correction1 * first / divisor, first, second]
}
