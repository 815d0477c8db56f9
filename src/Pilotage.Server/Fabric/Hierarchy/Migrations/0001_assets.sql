-- What a plant is made of, beside its devices.
CREATE TABLE fabric_assets (
    tenant TEXT NOT NULL,
    asset  TEXT NOT NULL,
    level  TEXT NOT NULL,
    title  TEXT NOT NULL,
    PRIMARY KEY (tenant, asset)
) WITHOUT ROWID;

-- How assets and devices belong together; an end is asset:NAME or device:ID.
CREATE TABLE fabric_relations (
    tenant    TEXT NOT NULL,
    from_node TEXT NOT NULL,
    property  TEXT NOT NULL, -- of the device, where one series measures; else empty
    relation  TEXT NOT NULL,
    to_node   TEXT NOT NULL,
    PRIMARY KEY (tenant, from_node, property, relation, to_node)
) WITHOUT ROWID;
