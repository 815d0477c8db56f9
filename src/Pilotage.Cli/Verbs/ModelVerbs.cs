using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>model</c>: versions, what they were trained on, how good they are, and whether they answer as published.</summary>
internal static class ModelVerbs
{
    private static readonly Column[] Columns =
    [
        new("NAME", "name"), new("VERSION", "version|latest.version"), new("DIGEST", "digest|latest.digest"),
        new("DATASET", "dataset|latest.dataset", true), new("METRICS", "metrics|latest.metrics", true),
    ];

    public static Verb Create(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The model.");
        return VerbFrame.With(
            new Verb("model", "Models and their versions."),
            frame.Lists(new Verb("list", "Lists the models.", "pilotage model list", "pilotage model list -o wide"), _ => "api/v1/models", Columns),
            frame.Reads(
                VerbFrame.With(new Verb("show", "Shows one model with its versions.", "pilotage model show rul", "pilotage model show rul -o json"), name),
                parsed => $"api/v1/models/{VerbFrame.Segment(parsed.GetValue(name), name)}",
                Columns),
            ModelTestVerb.Create(frame));
    }
}
