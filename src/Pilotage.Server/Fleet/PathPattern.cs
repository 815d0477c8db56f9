namespace Pilotage.Server.Fleet;

/// <summary>Matches device paths: <c>*</c> within a level, <c>**</c> across levels; everything else is itself.</summary>
/// <remarks>Goes through a path once, with all ways the pattern could stand at each letter: none can be made slow or too large.</remarks>
internal sealed class PathPattern
{
    private readonly List<(Kind Kind, char Letter)> _steps = [];
    private readonly int _lettersMin;

    public PathPattern(string pattern)
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            var stars = 0;
            while (i + stars < pattern.Length && pattern[i + stars] == '*')
            {
                stars++;
            }

            _steps.Add((stars switch { 0 => Kind.Letter, 1 => Kind.Level, _ => Kind.Any }, pattern[i]));
            _lettersMin += stars == 0 ? 1 : 0;
            i += Math.Max(0, stars - 1);
        }
    }

    private enum Kind
    {
        Letter,
        Level,
        Any,
    }

    public bool Matches(string path)
    {
        if (path.Length < _lettersMin)
        {
            return false;
        }

        var (at, next) = (new bool[_steps.Count + 1], new bool[_steps.Count + 1]);
        at[0] = true;
        SkipStars(at);
        foreach (var letter in path)
        {
            Array.Clear(next);
            for (var i = 0; i < _steps.Count; i++)
            {
                if (at[i])
                {
                    var (kind, own) = _steps[i];
                    next[i] |= kind == Kind.Any || (kind == Kind.Level && letter != '/');
                    next[i + 1] |= kind == Kind.Letter && own == letter;
                }
            }

            SkipStars(next);
            (at, next) = (next, at);
        }

        return at[^1];
    }

    // A star may stand for nothing.
    private void SkipStars(bool[] at)
    {
        for (var i = 0; i < _steps.Count; i++)
        {
            at[i + 1] |= at[i] && _steps[i].Kind != Kind.Letter;
        }
    }
}
