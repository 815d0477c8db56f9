namespace Pilotage.Server.Access.Contracts;

/// <summary>The record of who did what, hash-chained per tenant: an edit shows.</summary>
public interface IAudit
{
    /// <summary>Appends one record; on disk when this returns. No secrets, no payloads.</summary>
    void Record(Principal who, string action, string target, string result, string? detail = null);

    /// <summary>The newest records first.</summary>
    IReadOnlyList<AuditRecord> Read(TenantId tenant, long? before, int limit);

    /// <summary>Walks the whole chain; the refusal names the first record that does not fit.</summary>
    Outcome<AuditHead> Verify(TenantId tenant);
}

/// <summary>One line of the audit.</summary>
public sealed record AuditRecord(
    long Sequence, string Tenant, long AtNs, string Who, string Action, string Target, string Result, string? Detail, string Link);

/// <summary>How long the chain is and what it ends in.</summary>
public sealed record AuditHead(long Count, string Head);
