use crate::params::{Adam, Sgd};
use crate::testing::{assert_bits, fuzz, Arena};
use kernels::f32::testing::floats;
use reference::training::optimizer::{adam, sgd};

const COUNTS: [usize; 5] = [0, 1, 4, 7, 9001];

#[test]
fn sgd_equals_the_reference() {
    for count in COUNTS {
        for [momentum, dampening, decay, nesterov, first] in
            [[0.9, 0.0, 1e-4, 0.0, 0.0], [0.9, 0.25, 0.0, 1.0, 0.0], [0.9, 0.25, 1e-2, 0.0, 1.0], [0.0, 0.0, 1e-2, 0.0, 0.0]]
        {
            for scale in [None, Some(0.25)] {
                let [g, p, v] = [1, 2, 3].map(|seed| floats(count, seed));
                let hyper = [0.1, momentum, dampening, decay, nesterov, first, 0.0, 0.0];
                let mut arena = Arena::new();
                let params = Sgd {
                    gradient_offset: arena.floats(&g),
                    hyper_offset: arena.floats(&hyper),
                    scale_offset: scale.map_or(0, |scale| arena.floats(&[scale])),
                    parameter_offset: arena.floats(&p),
                    velocity_offset: if momentum == 0.0 && scale.is_none() { 0 } else { arena.floats(&v) },
                    count: count as i32,
                };
                arena.run(params);
                let expected: Vec<_> = (0..count).map(|i| sgd(g[i], p[i], v[i], hyper, scale.unwrap_or(1.0))).collect();
                assert_bits(&arena.floats_at(params.parameter_offset, count), &expected.iter().map(|e| e[0]).collect::<Vec<_>>(), "parameter");
                if params.velocity_offset != 0 {
                    assert_bits(&arena.floats_at(params.velocity_offset, count), &expected.iter().map(|e| e[1]).collect::<Vec<_>>(), "velocity");
                }
            }
        }
    }
}

#[test]
fn adam_equals_the_reference() {
    for (count, scale) in COUNTS.into_iter().flat_map(|count| [(count, None), (count, Some(0.25))]) {
        let [g, p, m] = [1, 2, 3].map(|seed| floats(count, seed));
        let v: Vec<f32> = floats(count, 4).iter().map(|v| v.abs()).collect();
        let hyper = [1e-3, 0.9, 0.999, 1e-8, 0.01, 1.0 - 0.9f32.powi(3), 1.0 - 0.999f32.powi(3), 0.0];
        let mut arena = Arena::new();
        let params = Adam {
            gradient_offset: arena.floats(&g),
            hyper_offset: arena.floats(&hyper),
            scale_offset: scale.map_or(0, |scale| arena.floats(&[scale])),
            parameter_offset: arena.floats(&p),
            first_moment_offset: arena.floats(&m),
            second_moment_offset: arena.floats(&v),
            count: count as i32,
        };
        arena.run(params);
        let expected: Vec<_> = (0..count).map(|i| adam(g[i], [p[i], m[i], v[i]], hyper, scale.unwrap_or(1.0))).collect();
        for (which, offset) in [params.parameter_offset, params.first_moment_offset, params.second_moment_offset].into_iter().enumerate() {
            assert_bits(&arena.floats_at(offset, count), &expected.iter().map(|e| e[which]).collect::<Vec<_>>(), "state");
        }
    }
}

#[test]
fn wild_parameters_are_refused_or_sound() {
    fuzz(Sgd::WORDS, &[64; 6], Sgd::from_words);
    fuzz(Adam::WORDS, &[64; 7], Adam::from_words);
}
