/** SPEC 3.3. All values of an add have one shape, so one layout: it runs over the stored elements, pad channels too. */
import { Container } from '../../wasm/params.js';
import type { Requantization } from '../../integer/integer-graph.js';
import { at } from '../assembler.js';
import { formFields, type LowerContext, type OperationOf } from './context.js';

const COPY: Requantization = { form: 'copy' };

export function lowerAdd(context: LowerContext, operation: OperationOf<'add'>): void {
  const a = context.input(operation, 0);
  const b = context.input(operation, 1);
  const carrier = operation.outputs[0] == null ? null : context.output(operation, 0);
  const code = operation.outputs[1] == null ? null : context.output(operation, 1);
  const [rqA, rqB] = operation.requantizations;
  const rqCode = operation.codeRequantization ?? COPY;
  const [formA, formB, formCode] = [formFields(rqA), formFields(rqB), formFields(rqCode)];
  const multiplier = (requantization: Requantization): number => context.multipliers(requantization)[0] as number;
  const [codeLo, codeHi] = operation.codeClamp ?? [0, 0];
  context.assembler.step('add', {
    aOffset: at(a.buffer),
    bOffset: at(b.buffer),
    carrierOffset: carrier === null ? 0 : at(carrier.buffer),
    codeOffset: code === null ? 0 : at(code.buffer),
    count: a.layout.elements,
    aContainer: a.container, aZeroPoint: a.info.zeroPoint, aForm: formA.form, aShift: formA.shift, aLeft: formA.left, aMultiplier: multiplier(rqA),
    bContainer: b.container, bZeroPoint: b.info.zeroPoint, bForm: formB.form, bShift: formB.shift, bLeft: formB.left, bMultiplier: multiplier(rqB),
    lo: operation.clamp[0],
    hi: operation.clamp[1],
    codeContainer: code?.container ?? Container.u8,
    codeForm: formCode.form,
    codeShift: formCode.shift,
    codeLeft: formCode.left,
    codeMultiplier: multiplier(rqCode),
    codeZeroPoint: code?.info.zeroPoint ?? 0,
    codeLo,
    codeHi,
  });
}
