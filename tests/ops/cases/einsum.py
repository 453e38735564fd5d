"""Cases of the ops in `minikeras/ops/einsum.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add(
    "einsum",
    lambda r: r.one_of(
        ("ij,jk->ik", r.real(r.batch, 3), r.real(3, 4)),
        ("ij,kj->ki", r.real(r.batch, 3), r.real(4, 3)),
        ("bij,bjk->bik", r.real(r.batch, 2, 3), r.real(r.batch, 3, 2)),
        ("...ij,jk->...ik", r.real(r.batch, 2, 3), r.real(3, 4)),
        ("bqhd,bkhd->bhqk", r.real(r.batch, 2, 3, 4), r.real(r.batch, 3, 3, 4)),
        ("ij,k->j", r.real(r.batch, 3), r.real(2)),
        ("bii->bi", r.real(r.batch, 3, 3)),
        ("bij->b", r.real(r.batch, 2, 3)),
        ("bi,bj,bk->bijk", r.real(r.batch, 2), r.real(r.batch, 3), r.real(r.batch, 2)),
        ("ab,bc", r.real(r.batch, 3), r.real(3, 2)),
        ("bij,bjk->bik", r.real(r.batch, 2, 3), r.real(1, 3, 2)),
    ),
    rtol32=1e-4,
)
