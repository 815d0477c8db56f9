CREATE TABLE access_sign_ins (
    hash       TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the secret, which is not kept
    kind       TEXT    NOT NULL,             -- link: to be traded once; session: what a browser holds
    expires_ns INTEGER NOT NULL
) WITHOUT ROWID;
