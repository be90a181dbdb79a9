pragma circom 2.2.0;
include "../../../circuits/lib/bits.circom";
include "../../../circuits/lib/scalar-multiplication.circom";
template Main() {
    signal input scalar;
    signal input point[2];
    signal {subgroup} promised[2] <== point;
    signal output out[2] <== MultiplyPoint(4)(ToBits(4)(scalar), promised);
}
component main = Main();
