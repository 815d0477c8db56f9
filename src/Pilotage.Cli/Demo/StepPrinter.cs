namespace Pilotage.Cli.Demo;

/// <summary>The live account of the walk: a line a step with its figure, then why, then what it does not show.</summary>
internal sealed class StepPrinter(TextWriter output, int steps, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private int _step;

    public double ElapsedSeconds => time.GetElapsedTime(_started).TotalSeconds;

    public void Step(string name, string figure, string? why = null, string? notShown = null)
    {
        _step++;
        output.WriteLine($"{_step,2}/{steps} {name,-11} {figure}   ({ElapsedSeconds:0.0} s)");
        Detail("why", why);
        Detail("not shown", notShown);
    }

    /// <summary>A line below the step.</summary>
    public void Detail(string label, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            output.WriteLine($"      {label,-11} {text}");
            output.Flush();
        }
    }

    /// <summary>Says what is under way, so that no wait is silent.</summary>
    public void Progress(string text)
    {
        output.WriteLine($"      …           {text}");
        output.Flush();
    }
}
