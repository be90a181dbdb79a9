pragma circom 2.2.0;
include "../../../circuits/lib/bits.circom";
include "../../../circuits/lib/scalar-multiplication.circom";
template Main() {
    signal input scalar;
    signal input point[2];
    signal output out[2] <== MultiplyPoint(251)(ToBits(251)(scalar), point);
}
component main = Main();
