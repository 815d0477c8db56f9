using System.Text;
using System.Text.Json;
using Pilotage.Server.Package.Reading;

namespace Pilotage.Server.Package;

/// <summary>Reads a use-case package whole, and refuses it whole: every fault with <c>file:line:column</c>, why, and what to do.</summary>
public static class PackageReader
{
    /// <summary>Most files of a package.</summary>
    public const int FilesMax = 64;

    /// <summary>Most bytes of a package, all files together.</summary>
    public const int BytesMax = 4 * 1024 * 1024;

    internal const string Pipeline = "pipeline.sql";
    internal const string ModelFile = "model.yaml";
    private const string ModelFolder = "models/";

    /// <summary>Reads a folder: the files <see cref="PackageFiles"/> takes out of it.</summary>
    /// <param name="siteFile">The site to bind to, inside the folder; null reads the package as it is published.</param>
    public static Outcome<UseCasePackage> ReadFolder(string folder, string? siteFile = SiteReader.File) =>
        PackageFiles.Read(folder, siteFile).Then(files => Read(files, siteFile));

    /// <summary>Reads files by their path inside the package.</summary>
    public static Outcome<UseCasePackage> Read(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string? siteFile = SiteReader.File) =>
        Read(files, siteFile, new PackageFaults());

    internal static Outcome<UseCasePackage> Read(
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string? siteFile, PackageFaults faults)
    {
        if (files.Count > FilesMax || files.Values.Sum(f => (long)f.Length) > BytesMax)
        {
            return TooLarge();
        }

        if (files.Keys.FirstOrDefault(IsUnsafe) is { } bad)
        {
            return new Refusal("package.path", $"\"{bad}\" is not a path inside a package.");
        }

        var useCaseMap = Single(files, UseCaseReader.File, faults);
        var rolloutMap = Single(files, RolloutReader.File, faults);
        var models = Models(files, faults);
        var things = Things(files, faults);
        var sql = Sql(files, faults);
        var siteMap = siteFile is not null && (files.ContainsKey(siteFile) || siteFile != SiteReader.File) ? Single(files, siteFile, faults) : null;
        if (useCaseMap is null || rolloutMap is null || sql is null)
        {
            return faults.ToRefusal();
        }

        var useCase = UseCaseReader.Read(useCaseMap, faults);
        var rollout = RolloutReader.Read(rolloutMap, faults);
        var needs = PackageChecks.Needs(useCase, rollout, sql, faults);
        var wanted = needs.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        var site = siteMap is null ? null : SiteReader.Read(siteMap, useCase, things, wanted, faults);
        PackageChecks.Across(useCase, models, things, sql, site, needs, faults);
        PackageChecks.Pipeline(models, things, sql, faults);
        if (faults.Any)
        {
            return faults.ToRefusal();
        }

        rollout = site is null ? rollout : PackageChecks.Apply(rollout, site);
        return new UseCasePackage(DigestOf(files), useCase, models, rollout, things, sql, site, site is null ? needs : [], files);
    }

    /// <summary>Digest of the published part: a canonical list of path and digest, the files of a site left out.</summary>
    internal static Digest DigestOf(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files)
    {
        var published = files.Where(f => !IsLocal(f.Key)).ToDictionary(f => f.Key, f => Digest.Of(f.Value.Span).ToString());
        return Digest.Of(CanonicalJson.Of(JsonSerializer.SerializeToElement(published)));
    }

    internal static bool IsLocal(string path) =>
        !path.Contains('/', StringComparison.Ordinal) && path.StartsWith("site", StringComparison.Ordinal)
        && path.EndsWith(".yaml", StringComparison.Ordinal);

    internal static bool IsUnsafe(string path) =>
        path.Length is 0 or > 200 || path.Contains('\\', StringComparison.Ordinal) || path.StartsWith('/')
        || path.Split('/').Any(part => part is "" or "." or "..");

    internal static bool IsModel(string path) =>
        path.StartsWith(ModelFolder, StringComparison.Ordinal) && path.EndsWith(".yaml", StringComparison.Ordinal);

    internal static bool IsThing(string path) =>
        path.StartsWith(ThingReader.Folder, StringComparison.Ordinal) && path.EndsWith(ThingReader.Ending, StringComparison.Ordinal);

    private static YamlMap? Single(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string name, PackageFaults faults)
    {
        if (!files.TryGetValue(name, out var bytes))
        {
            faults.Add(new SourceMark(name, 1, 1), "the file is missing from the package");
            return null;
        }

        var documents = YamlText.Documents(name, bytes, faults);
        if (documents.Count > 1)
        {
            faults.Add(documents[1].At, "only one document is expected in this file");
        }

        return documents.FirstOrDefault();
    }

    private static List<ModelSpec> Models(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, PackageFaults faults)
    {
        var names = files.Keys
            .Where(n => n == ModelFile || IsModel(n))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (names.Count == 0)
        {
            faults.Add(new SourceMark(ModelFile, 1, 1), "the package has no model; write model.yaml or models/<name>.yaml");
        }

        var models = names.SelectMany(n => YamlText.Documents(n, files[n], faults)).Select(m => ModelReader.Read(m, faults)).ToList();
        foreach (var twice in models.GroupBy(m => m.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            faults.Add(twice.Last().At, $"the model {twice.Key} is defined twice");
        }

        return models;
    }

    private static List<ThingSpec> Things(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, PackageFaults faults)
    {
        var things = new List<ThingSpec>();
        foreach (var name in files.Keys.Order(StringComparer.Ordinal))
        {
            if (IsThing(name) && Single(files, name, faults) is { } map)
            {
                things.Add(ThingReader.Read(name, map, faults));
            }
        }

        return things;
    }

    private static string? Sql(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, PackageFaults faults)
    {
        if (files.TryGetValue(Pipeline, out var bytes))
        {
            return Encoding.UTF8.GetString(bytes.Span);
        }

        faults.Add(new SourceMark(Pipeline, 1, 1), "the file is missing from the package");
        return null;
    }

    private static Refusal TooLarge() =>
        new("package.too_large", $"A package has at most {FilesMax} files and {BytesMax} bytes.");
}
