pragma circom 2.2.0;
include "../../../circuits/lib/bits.circom";
include "../../../circuits/lib/scalar-multiplication.circom";
template Main() {
    signal input scalar;
    signal output out[2] <== MultiplyGenerator(251)(ToBits(251)(scalar));
}
component main = Main();
