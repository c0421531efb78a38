//! SPEC 3.1.

use crate::requantize::{requantize, Requantization};
use crate::window::Window;

/// Operands and attributes. Shapes: `x` [IC, H, W], `w` [OC, IC/groups, KH, KW], `bias` [OC] or empty.
pub struct Conv2d<'a> {
    /// Input codes.
    pub x: &'a [i32],
    /// Zero point of the input.
    pub x_zero_point: i64,
    /// Weight codes.
    pub w: &'a [i32],
    /// Bias, or empty.
    pub bias: &'a [i32],
    /// IC and OC.
    pub channels: [usize; 2],
    /// IC/groups and OC/groups are whole.
    pub groups: usize,
    /// Axes h and w.
    pub windows: [Window; 2],
    /// OH and OW.
    pub output_size: [usize; 2],
}

impl Conv2d<'_> {
    /// The accumulators of one output channel, [OH, OW].
    pub fn accumulate(&self, oc: usize) -> Vec<i64> {
        let [ic, out_channels] = self.channels;
        let [rows, columns] = self.windows;
        let [oh, ow] = self.output_size;
        let group_channels = ic / self.groups;
        let first_channel = oc * self.groups / out_channels * group_channels;
        let plane = (rows.input * columns.input) as usize;
        let mut taps = self.w[oc * group_channels * (rows.kernel * columns.kernel) as usize..].iter();
        let mut acc = vec![self.bias.get(oc).map_or(0, |&bias| bias as i64); oh * ow];
        for channel in first_channel..first_channel + group_channels {
            let image = &self.x[channel * plane..][..plane];
            for ky in 0..rows.kernel {
                for kx in 0..columns.kernel {
                    let w = *taps.next().expect("w has the shape that the reader checked") as i64;
                    self.add_tap(&mut acc, image, w, [ky, kx]);
                }
            }
        }
        acc
    }

    /// acc[y, x] += w · (a − zp) for one weight; padding adds nothing, because there a is zp.
    fn add_tap(&self, acc: &mut [i64], image: &[i32], w: i64, [ky, kx]: [i64; 2]) {
        let [rows, columns] = self.windows;
        let [_, ow] = self.output_size;
        for (y, acc_row) in acc.chunks_exact_mut(ow).enumerate() {
            let Some(iy) = rows.inside(y as i64, ky) else {
                continue;
            };
            let image_row = &image[iy * columns.input as usize..][..columns.input as usize];
            for (x, sum) in acc_row.iter_mut().enumerate() {
                if let Some(ix) = columns.inside(x as i64, kx) {
                    *sum += w * (image_row[ix] as i64 - self.x_zero_point);
                }
            }
        }
    }

    /// Codes [OC, OH, OW]; `forms` has one element per output channel.
    pub fn run(&self, forms: &[Requantization], zero_point: i64, clamp: [i64; 2]) -> Vec<i32> {
        let channels = forms.iter().enumerate();
        channels
            .flat_map(|(oc, &form)| {
                let acc = self.accumulate(oc).into_iter();
                acc.map(move |acc| requantize(acc, form, zero_point, clamp) as i32)
            })
            .collect()
    }
}
