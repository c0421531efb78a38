/**
 * What a forward pass records. A module's `forward` runs once per shape and only records: a Tape holds nodes in execution order, from which a TrainingProgram
 * is compiled (forward, loss, backward, optimizer, a memory plan), an evaluation Program, and the Graph that is deployed. Shapes are NHWC, or [N, features].
 */
import type { Parameter } from '../modules/parameter.js';

/** A tensor that a node makes. Immutable; the arena decides where it lies. */
export interface Value {
  readonly index: number;
  readonly shape: readonly number[];
  /** The node that makes it. */
  readonly node: number;
}

/** Bits of one layer; every width 2 to 8. */
export interface LayerBits {
  readonly weight: number;
  readonly activation: number;
  readonly gradient: number;
}

/** The learned intervals of a quantized layer (research/seeds-training §1.3). `weight` and `activation` are f32 [4] states, see crates/quantizers/src/params.rs. */
export interface LayerQuantization {
  readonly bits: LayerBits;
  readonly weightInterval: Parameter;
  readonly activationInterval: Parameter;
  /** Symmetric codes for inputs that go below zero; else codes from 0. */
  readonly isSigned: boolean;
}

export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
}

interface NodeBase {
  /** The dotted path of the module that recorded it, as in PyTorch's state_dict: `layer1.0.conv1`. */
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly output: Value;
}

export type TapeNode =
  | (NodeBase & { readonly op: 'input' })
  /** weight [out_c][in_c/groups][kh][kw] */
  | (NodeBase & { readonly op: 'conv2d'; readonly window: Window; readonly dilation: readonly [number, number]; readonly groups: number; readonly weight: Parameter; readonly bias: Parameter | null; readonly quantization: LayerQuantization | null })
  /** weight [out][in]; an input of rank 4 must be flattened first */
  | (NodeBase & { readonly op: 'linear'; readonly weight: Parameter; readonly bias: Parameter | null; readonly quantization: LayerQuantization | null })
  /** running [2][channels]: mean, unbiased variance */
  | (NodeBase & { readonly op: 'batch_norm'; readonly gamma: Parameter; readonly beta: Parameter; readonly running: Parameter; readonly momentum: number; readonly epsilon: number })
  /** Relu is [0, Infinity], Relu6 [0, 6] */
  | (NodeBase & { readonly op: 'clamp'; readonly lo: number; readonly hi: number })
  | (NodeBase & { readonly op: 'add' })
  | (NodeBase & { readonly op: 'max_pool'; readonly window: Window })
  | (NodeBase & { readonly op: 'average_pool'; readonly window: Window; readonly countIncludePad: boolean })
  /** [N,H,W,C] to [N, C·H·W] in ONNX's order (channel first), so that the weights of the next layer mean the same there */
  | (NodeBase & { readonly op: 'flatten' })
  /** He et al.'s shortcut A: every stride-th pixel, zero channels before and after */
  | (NodeBase & { readonly op: 'option_a_shortcut'; readonly stride: readonly [number, number]; readonly before: number; readonly after: number });

export type TapeOp = TapeNode['op'];
