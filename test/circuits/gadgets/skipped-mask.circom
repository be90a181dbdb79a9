pragma circom 2.2.0;
include "../../../circuits/lib/skipped-mask.circom";
template Main() {
    signal input mask;
    signal input present;
    SkippedMask()(mask, ToBits(16)(present));
}
component main = Main();
