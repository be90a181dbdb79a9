// Preloaded (`--import`): the clock of this process is COUNTERSEAL_TEST_SHIFT_MS ahead, or behind.
const shift = Number(process.env.COUNTERSEAL_TEST_SHIFT_MS ?? 0);
const Real = globalThis.Date;
globalThis.Date = class Date extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + shift);
    else super(...args);
  }
  static now() {
    return Real.now() + shift;
  }
};
