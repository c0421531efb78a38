//! SPEC 7.1: what an integer convolution's weights get from a batch.

use crate::window::Window;

/// Operands and attributes. Shapes: `x` [N, H, W, IC], `gradient` [N, OH, OW, OC], both dense.
pub struct ConvWeightGradient<'a> {
    /// Activation codes, zero point 0.
    pub x: &'a [i32],
    /// Gradient codes.
    pub gradient: &'a [i32],
    /// IC and OC.
    pub channels: [usize; 2],
    /// IC/groups and OC/groups are whole.
    pub groups: usize,
    /// Axes h and w.
    pub windows: [Window; 2],
    /// OH and OW.
    pub output_size: [usize; 2],
}

impl ConvWeightGradient<'_> {
    /// [OC, IC/groups, KH, KW]: Σ over images and output pixels of x·gradient; padding adds nothing.
    pub fn run(&self) -> Vec<i64> {
        let [ic, oc] = self.channels;
        let [rows, columns] = self.windows;
        let [oh, ow] = self.output_size;
        let group = ic / self.groups;
        let taps = (rows.kernel * columns.kernel) as usize;
        let image = (rows.input * columns.input) as usize * ic;
        let mut sums = vec![0; oc * group * taps];
        for (at, &g) in self.gradient.iter().enumerate() {
            let (pixel, channel) = (at / oc, at % oc);
            let (n, y, x) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
            for (i, sum) in sums[channel * group * taps..][..group * taps].iter_mut().enumerate() {
                let (c, tap) = (channel / (oc / self.groups) * group + i / taps, (i % taps) as i64);
                let position = (rows.inside(y as i64, tap / columns.kernel), columns.inside(x as i64, tap % columns.kernel));
                if let (Some(iy), Some(ix)) = position {
                    *sum += i64::from(self.x[n * image + (iy * columns.input as usize + ix) * ic + c]) * i64::from(g);
                }
            }
        }
        sums
    }
}
