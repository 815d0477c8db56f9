-- Relations that are there because a thing description has a link that means them, and not because somebody said so.
CREATE TABLE fabric_described_relations (
    tenant    TEXT NOT NULL,
    thing     TEXT NOT NULL, -- whose description
    from_node TEXT NOT NULL,
    property  TEXT NOT NULL,
    relation  TEXT NOT NULL,
    to_node   TEXT NOT NULL,
    PRIMARY KEY (tenant, thing, from_node, property, relation, to_node)
) WITHOUT ROWID;

CREATE INDEX fabric_described_relations_of ON fabric_described_relations (tenant, from_node, property, relation, to_node);
