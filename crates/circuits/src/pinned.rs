//! Golden parameter digests: what reviewed circuit code derives.
//!
//! A line changes only together with the circuit, with a reason in the changelog; the proving tests
//! recompute the smallest one and fail with the digest derived.

/// Circuit and digest of its public parameters.
pub(crate) const PINNED: &[(&str, &str)] = &[
    // Tests.
    ("scored-cohort/v1@f8.w8.g2.b10.h1.n15", "034345c850a35708cf0e52a0aac117aded8587daa89043c3b760acc6aa2d7f41"),
    ("receipts/v1@f8.w8.g2.b10.h1.n15", "034f148bd5b6d259abbcf60ac40c2ffa2b1139664459199f4e71a6f34cf41d3b"),
    ("training/v1@f8.w8.g2.b10.h0.n15", "034ec26d11b16bad868ef2d43d24cf90aaac9af3b972405e3771550ca1688fdd"),
    ("neural-cohort/v1@f8.w8.g2.b10.h1.n15.l8", "013368b8988843f4347fd59a9bb6c38092c011e0bb48ed2182b475ec115dafe0"),
    ("neural-receipts/v1@f8.w8.g2.b10.h1.n15.l8", "0205f105312fd807d0714acd737171eae66783b8f7583e99c66232490038db34"),
    ("outcome-revision/v1@f8.w8.g2.b10.h0.n15", "03489a45dec15365f61289c1b87610edaacee2f1cfa4d29e6096dd1f686c319a"),
    ("neural-training/v2@f8.w8.g2.b10.h0.n16.l8", "03b2f47d33cb8dac572064310393ca61258de21de16d35f715bc15a80ff7ec5b"),
    // Samples.
    ("scored-cohort/v1@f20.w8.g4.b10.h4.n16", "026bc2f8b4ca314c7595a6b55d66af95c70b8f4fca0e88cfc611bd8d2444b14f"),
    ("scored-cohort/v1@f20.w8.g4.b10.h4.n17", "03b43fcae02484c43a1caafbf9a0da3abd83e3a596a9168ee9dd8ae6d8986190"),
    ("receipts/v1@f20.w8.g4.b10.h4.n16", "02e3ac5effd89611a15a2509a9c598ac506ec1c7c36f7f06b9f08a9b708c0ccf"),
    ("training/v1@f20.w8.g4.b10.h0.n16", "016df70cb35f20f42a70718d1984815c2afe3c89e2aeacc28e804d5802e969c6"),
    ("neural-cohort/v1@f20.w8.g4.b10.h4.n17.l16-8", "01d9f3cf6c6df8aaa37915373b6ebe8971ee55a6310c8d0d1ad0c6ee2c1d78cf"),
    // Its rows take the same blocks as those of the smallest shape, so that the parameters are the same.
    ("outcome-revision/v1@f20.w8.g2.b10.h0.n15", "03489a45dec15365f61289c1b87610edaacee2f1cfa4d29e6096dd1f686c319a"),
    ("preparation/v1@f20.w8.g4.b10.h0.n16", "027ab95412d1eca7358b1e3d63289a002d45912ca268a6ceba9c2b6acd89da6a"),
];
