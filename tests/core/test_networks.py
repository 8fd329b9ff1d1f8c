"""Only the configured networks are connected to, whatever a name resolves to."""

import ipaddress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from core.networks import PRIVATE, AddressError, Network, Networks


@pytest.mark.parametrize("address", ["10.1.2.3", "172.31.0.9", "192.168.1.64", "fd12::1"])
def test_private_addresses_are_permitted_by_default(address: str) -> None:
    assert Networks().address_of(address) == address


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "169.254.169.254", "8.8.8.8", "0.0.0.0", "172.32.0.1", "fe80::1%eth0"],
)
def test_this_machine_the_link_and_the_world_are_not(address: str) -> None:
    with pytest.raises(AddressError, match="outside the camera networks"):
        Networks().address_of(address)


@pytest.mark.parametrize("host", ["[fd12::1]", "fd12::1"])
def test_an_ipv6_address_may_stand_in_brackets(host: str) -> None:
    assert Networks().address_of(host) == "fd12::1"


def test_an_ipv4_address_in_ipv6_clothes_is_judged_as_what_it_is() -> None:
    with pytest.raises(AddressError):
        Networks().address_of("::ffff:127.0.0.1")
    assert Networks().permits("::ffff:10.0.0.1")


def test_a_name_leads_to_its_first_permitted_address() -> None:
    networks = Networks(PRIVATE, lambda _: ("127.0.0.1", "192.168.1.64"))
    assert networks.address_of("camera.lan") == "192.168.1.64"


def test_a_name_that_leads_elsewhere_is_refused_and_told() -> None:
    with pytest.raises(AddressError, match=r"rebind\.example \(127\.0\.0\.1\) lies outside"):
        Networks(PRIVATE, lambda _: ("127.0.0.1",)).address_of("rebind.example")


def test_numbers_in_disguise_go_through_the_resolver() -> None:
    """inet_aton takes 2130706433 and 0x7f.1 for 127.0.0.1; so does the system's resolver."""
    for disguised in ("2130706433", "0x7f.1", "127.1"):
        with pytest.raises(AddressError):
            Networks().address_of(disguised)


def test_a_name_without_an_address() -> None:
    with pytest.raises(AddressError, match="no such host"):
        Networks(PRIVATE, lambda _: ()).address_of("nowhere.lan")


@given(st.ip_addresses())
def test_permitted_is_what_lies_in_a_range(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assume(getattr(address, "ipv4_mapped", None) is None)
    inside = Networks((ipaddress.ip_network(address),))
    assert inside.permits(str(address))
    assert not Networks(()).permits(str(address))


def test_a_network_is_read_and_written_as_text() -> None:
    adapter: TypeAdapter[Network] = TypeAdapter(Network)
    assert adapter.dump_python(adapter.validate_python("192.168.1.0/24")) == "192.168.1.0/24"
    with pytest.raises(ValidationError, match="has host bits set; write"):
        adapter.validate_python("192.168.1.5/24")
