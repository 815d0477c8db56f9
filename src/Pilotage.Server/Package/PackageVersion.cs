using System.Globalization;

namespace Pilotage.Server.Package;

/// <summary>The order of versions like <c>1.2.0</c> and <c>1.2.0-rc.1</c>.</summary>
/// <remarks>Semantic Versioning 2.0.0, clause 11; <c>usecase.yaml</c> was read, so the form is right.</remarks>
internal static class PackageVersion
{
    /// <summary>
    /// Refused when this version is there with another content, or a later one is: what people decided on must not
    /// change under its name. The same package may come again, for another site file.
    /// </summary>
    public static Refusal? Conflict(string name, (string Version, string Digest) there, (string Version, string Digest) next) =>
        Compare(next.Version, there.Version) switch
        {
            0 when next.Digest != there.Digest => new Refusal(
                "package.conflict", $"{name} {next.Version} is here with another content, {there.Digest}; raise version: in usecase.yaml."),
            < 0 => new Refusal(
                "package.conflict", $"{name} {there.Version} is here, and {next.Version} is older; raise version: in usecase.yaml above it."),
            _ => null,
        };

    /// <summary>Less than 0 when the left one is older, more than 0 when it is newer.</summary>
    public static int Compare(string left, string right)
    {
        var (leftNumbers, leftRelease, leftPre) = Parts(left);
        var (rightNumbers, rightRelease, rightPre) = Parts(right);
        var order = InTurn(leftNumbers, rightNumbers);
        return order != 0 ? order
            // What comes before a release has a hyphen, and is older than the release itself.
            : leftRelease != rightRelease ? leftRelease.CompareTo(rightRelease)
            : InTurn(leftPre, rightPre);
    }

    private static (string[] Numbers, bool Release, string[] Pre) Parts(string version)
    {
        var at = version.IndexOf('-', StringComparison.Ordinal);
        return at < 0 ? (version.Split('.'), true, []) : (version[..at].Split('.'), false, version[(at + 1)..].Split('.'));
    }

    private static int InTurn(string[] left, string[] right)
    {
        var first = left.Zip(right, Identifier).FirstOrDefault(order => order != 0);
        return first != 0 ? first : left.Length.CompareTo(right.Length);
    }

    /// <summary>Numbers by their value, and older than words.</summary>
    private static int Identifier(string left, string right) => (Number(left), Number(right)) switch
    {
        ({ } a, { } b) => a.CompareTo(b),
        ({ }, null) => -1,
        (null, { }) => 1,
        _ => string.CompareOrdinal(left, right),
    };

    private static decimal? Number(string text) =>
        decimal.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
