//! Row-major shapes.

/// Elements between neighbours on each axis.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Calls `visit` with every multi-index of `shape`, in row-major order.
pub fn for_each_index(shape: &[usize], mut visit: impl FnMut(&[usize])) {
    let mut index = vec![0; shape.len()];
    if shape.contains(&0) {
        return;
    }
    loop {
        visit(&index);
        let mut axis = shape.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// out[i] = in[Σ_d source(d, i_d) · stride_d] over `shape`, where `strides` are those of the input.
pub fn gather(x: &[i32], strides: &[usize], shape: &[usize], source: impl Fn(usize, usize) -> usize) -> Vec<i32> {
    let mut out = Vec::with_capacity(shape.iter().product());
    for_each_index(shape, |index| {
        let place: usize = index.iter().zip(strides).enumerate().map(|(d, (&i, stride))| source(d, i) * stride).sum();
        out.push(x[place]);
    });
    out
}
