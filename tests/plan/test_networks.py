"""Many blocks at a time hold what each of them holds."""

from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.addresses import in_block
from deckwatch.plan.networks import Blocks

NEAR = st.integers(0, 40).map(lambda host: f"10.0.0.{host}")
ADDRESSES = NEAR | st.ip_addresses().map(str) | st.sampled_from(["::ffff:10.0.0.7", "fe80::1%eth0", "no", ""])
BLOCKS = (
    ADDRESSES
    | st.tuples(NEAR, st.integers(26, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    | st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(
        lambda pair: str(ip_network(f"{pair[0]}/{pair[1]}", strict=False))
    )
    | st.sampled_from(["0.0.0.0/0", "::/0", "10.0.0.0/33", "host/8"])
)


@given(st.lists(BLOCKS, max_size=12), st.lists(ADDRESSES, min_size=1, max_size=12))
def test_some_blocks_hold_what_one_of_them_holds(blocks: list[str], addresses: list[str]) -> None:
    held = Blocks(blocks)
    assert [address in held for address in addresses] == [
        any(in_block(address, block) for block in blocks) for address in addresses
    ]
