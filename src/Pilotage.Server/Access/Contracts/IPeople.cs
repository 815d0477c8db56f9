namespace Pilotage.Server.Access.Contracts;

/// <summary>Named people, the roles they hold, and what they approved.</summary>
public interface IPeople
{
    /// <summary>Makes or renames a person and sets the roles that person holds; with <paramref name="onlyNew"/>, refused where the person is there already.</summary>
    Outcome<Person> Put(Principal who, string personId, string displayName, IReadOnlyList<string> roles, bool onlyNew = false);

    /// <summary>Takes a person away; what that person voted and found stays as it was recorded.</summary>
    Outcome<Person> Remove(Principal who, string personId);

    /// <summary>One person by id, or by the display name where only one bears it.</summary>
    Outcome<Person> Resolve(TenantId tenant, string idOrDisplayName);

    /// <summary>The people of a tenant.</summary>
    IReadOnlyList<Person> All(TenantId tenant);

    /// <summary>Records a vote; refused unless that person holds that role. The vote is signed by the server and chained in the audit.</summary>
    Outcome<Approval> Approve(Principal who, ApprovalRequest request);

    /// <summary>The votes on a subject, oldest first; a person's later vote in the same role replaces the earlier one when counting.</summary>
    IReadOnlyList<Approval> Approvals(TenantId tenant, string subject);
}

/// <summary>A person; the display name is shown as given, for example <c>DEMO PERSON (maintenance)</c>.</summary>
public sealed record Person(string Id, string DisplayName, IReadOnlyList<string> Roles);

/// <summary>A vote to be recorded. <paramref name="Bound"/> is the digest of what was voted on, so a vote cannot be moved.</summary>
public sealed record ApprovalRequest(string Subject, string Role, string PersonId, bool Approve, string? Note, Digest Bound);

/// <summary>A recorded vote with the DSSE envelope (JSON) that the server signed over it.</summary>
public sealed record Approval(
    string Id, string Subject, string Role, string PersonId, string DisplayName, bool Approve, string? Note, string Bound, long AtNs, string Envelope);
