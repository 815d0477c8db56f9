namespace Pilotage.Server.Portfolio;

/// <summary>Where a use case stands; a gate lies between two of them.</summary>
public enum Stage
{
    Idea,
    Pilot,
    Production,
    Scaled,
    Retired,
}

/// <summary>Stages as written in packages and addresses.</summary>
public static class Stages
{
    /// <summary>The lower-case word.</summary>
    public static string Word(this Stage stage) => stage switch
    {
        Stage.Idea => "idea",
        Stage.Pilot => "pilot",
        Stage.Production => "production",
        Stage.Scaled => "scaled",
        _ => "retired",
    };

    /// <summary>Reads the word; a use case enters every stage but the first through a gate.</summary>
    public static Outcome<Stage> Parse(string word)
    {
        foreach (var stage in Enum.GetValues<Stage>())
        {
            if (stage.Word() == word)
            {
                return stage;
            }
        }

        return new Refusal("stage.not_found", $"There is no stage '{word}'; the stages are idea, pilot, production, scaled and retired.");
    }

    /// <summary>Gates are passed one at a time, in order.</summary>
    public static bool Follows(this Stage stage, Stage current) => stage == current + 1;
}
