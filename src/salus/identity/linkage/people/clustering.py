"""Clusters of people from judged pairs, in DuckDB: whoever is connected and may stand together is one cluster.

Only groups in which two records may not stand together, or which are large, are clustered link by link.
"""

from __future__ import annotations

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from salus.identity.linkage.candidates import RECORDS
from salus.identity.linkage.clustering import Clusters, Facts, Link, Veto, cluster
from salus.identity.linkage.matching import CLUSTERS
from salus.identity.linkage.people.specification import PEOPLE

LINKS, GROUPS = "people_links", "people_groups"
"""Pairs that may link, `l`, `r` and `bits`; and the group of each linked record: `n` and `root`, the least number."""


def cluster_people(connection: DuckDBPyConnection, judged: str, against: str) -> Clusters:
    """Cluster the records by the pairs of `judged` that no guard stops, and write `CLUSTERS`.

    `against` is an SQL case over the prepared records `a`, `b` and the pairs that people parted, `p`:
    why the two may not stand in one cluster, or null.
    """
    connection.execute(
        f"create or replace temp table {LINKS} as select l, r, bits from {judged} where reason = '' and bits >= ?",  # noqa: S608
        [PEOPLE.link],
    )
    _connect(connection)
    bad = _bad_pairs(connection, against)
    refused = _part(connection, bad)
    connection.execute(
        f"create or replace table {CLUSTERS} as select n, coalesce(cluster, root, n) as cluster from {RECORDS}"  # noqa: S608
        f" left join {GROUPS} using (n) left join people_parts using (n)"
    )
    connection.execute(f"drop table {LINKS}; drop table {GROUPS}; drop table people_parts")
    of = connection.execute(f"select cluster from {CLUSTERS} order by n").fetchall()  # noqa: S608
    return Clusters(of=[one for (one,) in of], refused=refused)


def _connect(connection: DuckDBPyConnection) -> None:
    """Write what links connect into `GROUPS`: each record takes the least number next to it, then groups join."""
    connection.execute(
        f"create or replace temp table {GROUPS} as select n, least(n, min(other)) as root from"  # noqa: S608
        f" (select l as n, r as other from {LINKS} union all select r, l from {LINKS}) group by n"
    )
    while True:
        connection.execute(
            f"create or replace temp table people_moves as select greatest(x.root, y.root) as was,"  # noqa: S608
            f" min(least(x.root, y.root)) as becomes from {LINKS} join {GROUPS} x on x.n = l join {GROUPS} y on y.n = r"
            " where x.root <> y.root group by was"
        )
        if not connection.execute("select count(*) from people_moves").fetchall()[0][0]:
            connection.execute("drop table people_moves")
            return
        connection.execute(f"update {GROUPS} set root = becomes from people_moves where root = was")  # noqa: S608


def _bad_pairs(connection: DuckDBPyConnection, against: str) -> dict[tuple[int, int], str]:
    """Return the pairs that may not stand in one cluster, of all that links would bring together, and why.

    Within a group every pair is asked that is no link: no guard stops a link.
    """
    connection.execute(
        "create or replace temp table people_incomplete as select root from (select root, count(*) as size"  # noqa: S608
        f" from {GROUPS} group by root having size > 2) join (select root, count(*) as links from {LINKS}"
        f" join {GROUPS} on n = l group by root) using (root) where links < size * (size - 1) // 2"
    )
    members = f"(from {GROUPS} semi join people_incomplete using (root))"
    rows = connection.execute(
        f"with pairs as (select x.n as l, y.n as r from {members} x join {members} y on x.root = y.root and x.n < y.n)"  # noqa: S608
        f" select * from (select l, r, {against} as reason from (from pairs anti join {LINKS} using (l, r))"
        f" join {RECORDS} a on a.n = l join {RECORDS} b on b.n = r left join people_parted p using (l, r))"
        " where reason is not null"
    ).fetchall()
    connection.execute("drop table people_incomplete")
    return {(l, r): reason for l, r, reason in rows}  # noqa: E741


def _part(connection: DuckDBPyConnection, bad: dict[tuple[int, int], str]) -> Sequence[tuple[int, int, float, str]]:
    """Cluster the groups that may not stand whole link by link, into `people_parts`, and return what was refused."""
    connection.execute(
        f"create or replace temp table people_doubtful as select n from {GROUPS} semi join (select root from {GROUPS}"  # noqa: S608
        " left join (select unnest(?::integer[]) as n, true as bad) using (n) group by root"
        f" having bool_or(bad) or count(*) > {PEOPLE.per_source}) using (root)",
        [sorted({at for both in bad for at in both})],
    )
    query = f"select n, source from people_doubtful join {RECORDS} using (n) order by n"  # noqa: S608
    members = connection.execute(query).fetchall()
    numbers = [n for n, _ in members]
    place = {n: at for at, n in enumerate(numbers)}
    links: list[Link] = [
        (place[l], place[r], bits)
        for l, r, bits in connection.execute(  # noqa: E741
            f"select l, r, bits from {LINKS} semi join people_doubtful on n = l order by bits desc, l, r"  # noqa: S608
        ).fetchall()
    ]
    veto = _veto({(place[l], place[r]): reason for (l, r), reason in bad.items()})  # noqa: E741
    found = cluster(len(numbers), links, PEOPLE, Facts(sources=[source for _, source in members]), veto)
    connection.execute(
        "create or replace temp table people_parts as select unnest(?::integer[]) as n,"
        " unnest(?::integer[]) as cluster",
        [numbers, [numbers[at] for at in found.of]],
    )
    connection.execute("drop table people_doubtful")
    return [(numbers[a], numbers[b], bits, reason) for a, b, bits, reason in found.refused]


def _veto(bad: dict[tuple[int, int], str]) -> Veto:
    marked = {at for both in bad for at in both}

    def against(one: Sequence[int], two: Sequence[int]) -> str:
        left = [at for at in one if at in marked]
        if not left:
            return ""
        for b in two:
            if b in marked:
                for a in left:
                    if reason := bad.get((a, b) if a < b else (b, a)):
                        return reason
        return ""

    return against
