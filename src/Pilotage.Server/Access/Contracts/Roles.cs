namespace Pilotage.Server.Access.Contracts;

/// <summary>Roles of the platform and what they may do; roles of a use case (sponsor, ot_lead …) only vote.</summary>
public static class Roles
{
    /// <summary>May do everything in the tenant and on the server.</summary>
    public const string Admin = "admin";

    /// <summary>A device with its certificate.</summary>
    public const string Device = "device";

    private static readonly Dictionary<string, string[]> Grants = new(StringComparer.Ordinal)
    {
        [Admin] = ["*"],
        [Device] = ["models.artifact.read", "fleet.self.read", "fabric.telemetry.write", "access.authority.read"],
        ["viewer"] = ["*.read"],
    };

    /// <summary>Whether one of the roles grants the permission; unknown roles grant nothing.</summary>
    public static bool Grant(IReadOnlyList<string> roles, string permission)
    {
        foreach (var role in roles)
        {
            if (Grants.TryGetValue(role, out var patterns) && Array.Exists(patterns, p => Matches(p, permission)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Matches(string pattern, string permission) =>
        pattern == "*" || pattern == permission
        || (pattern.StartsWith("*.", StringComparison.Ordinal) && permission.EndsWith(pattern[1..], StringComparison.Ordinal));
}
