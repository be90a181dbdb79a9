pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "cofactor.circom";
include "curve-check.circom";
include "dleq.circom";
include "domains.circom";
include "encode-to-curve.circom";

// R2, R3: the document key H(4, identity, N.y) of an identity, N = k·P its evaluation under the group key
// K = k·G, with N = 8·M for a point M of the curve.
//
// Without M the prover adds points of small order to N, and one document has several keys. N.y does not
// depend on the sign of P, because N changes its sign with it.
template Evaluation() {
    signal input identity;
    signal input elligatorY;
    signal input {subgroup} K[2];
    signal input M[2];
    signal input challenge;
    signal input response;
    signal output documentKey;

    signal {subgroup} P[2] <== EncodeToCurve()(identity, elligatorY);
    signal {onCurve} eighth[2] <== CurveCheck()(M);
    signal {subgroup} N[2] <== ClearCofactor()(eighth);
    EqualDiscreteLogs()(K, P, N, challenge, response);

    documentKey <== Poseidon(3)([DOMAIN_DOCUMENT_KEY(), identity, N[1]]);
}
