namespace Pilotage.Cli.Demo;

/// <summary>The live account of the walk: a line a step with its figure, then why, then what it does not show.</summary>
internal sealed class StepPrinter(TextWriter output, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private readonly Lock _turn = new();
    private int _step;

    public double ElapsedSeconds => time.GetElapsedTime(_started).TotalSeconds;

    public void Step(string name, string figure, string? why = null, string? notShown = null)
    {
        lock (_turn)
        {
            _step++;
            Write($"{_step,3}  {name,-11} {figure}   ({ElapsedSeconds:0.0} s)");
        }

        Detail("why", why);
        Detail("not shown", notShown);
    }

    /// <summary>A line below the step; nothing to say prints nothing.</summary>
    public void Detail(string label, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            Write($"     {label,-11} {text}");
        }
    }

    /// <summary>Says what is under way, so that no wait is silent.</summary>
    public void Progress(string text) => Write($"     …           {text}");

    private void Write(string line)
    {
        lock (_turn)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
