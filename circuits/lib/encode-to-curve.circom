pragma circom 2.2.0;

include "circomlib/circuits/montgomery.circom";
include "cofactor.circom";
include "nonzero.circom";

// Euler's criterion, for the witness.
function isSquare(x) {
    return x ** ((-1) >> 1) == 1 ? 1 : 0;
}

// Elligator 2 (RFC 9380 section 6.7.1) onto y^2 = x^3 + A·x^2 + x, A = 168698, Z = 5: the point before the
// factor 8, in Edwards form. The prover gives y and so chooses between a point and its negative, which differ
// in the sign of the Edwards x alone: nothing after may depend on that sign.
//
// x1 = -A / (1 + Z·u^2) and x2 = -x1 - A satisfy g(x2) = Z·u^2·g(x1) with Z not a square. So for u != 0 at
// most one of g(x1), g(x2) is a square other than 0, and for u = 0 g(x2) = 0. Because y != 0 is required, at
// most one of the two choices of `first` has a witness.
template Elligator() {
    signal input u;
    signal input y;
    signal output {onCurve} out[2];

    var A = 168698;
    var Z = 5;

    signal square <== u * u;
    // SAFETY: 1 + Z·u^2 is never 0, because -1 is a square and Z is not: x1 is unique.
    signal x1 <-- -A / (1 + Z * square);
    x1 * (1 + Z * square) === -A;

    signal first <-- isSquare(x1 * x1 * x1 + A * x1 * x1 + x1);
    first * (first - 1) === 0;

    // x is x1 or x2 = -A - x1.
    signal x <== first * (2 * x1 + A) - A - x1;
    signal xSquare <== x * x;
    signal cubic <== xSquare * (x + A);
    y * y === cubic + x;
    NonZero()(y);

    // SAFETY: circomlib's conversion leaves x/y free at y = 0, excluded above; x = -1 is not on the curve.
    out <== Montgomery2Edwards()([x, y]);
}

// P = 8·Q for Q = Elligator(u): the point of an identity, up to its sign. Never the identity of the curve.
template EncodeToCurve() {
    signal input u;
    signal input y;
    signal output {subgroup} point[2];

    signal {onCurve} elligator[2] <== Elligator()(u, y);
    point <== ClearCofactor()(elligator);
}
