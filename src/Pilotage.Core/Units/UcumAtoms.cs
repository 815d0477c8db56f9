namespace Pilotage.Core.Units;

/// <summary>The symbols of UCUM 2.2 that this product knows, by their case-sensitive codes, each told by others before it.</summary>
/// <remarks>
/// Left out is what no plant measures by: units of the clinic and of the laboratory (arbitrary, homeopathic, apothecaries'), of the typesetter
/// and of the British before 1959. One deviation: the mole, to UCUM a number of 6.02e23, is a base unit here, as in the SI, so that
/// it is never taken for a count. The mass of a unit is in kilograms, the SI's own.
/// </remarks>
internal static class UcumAtoms
{
    // Code, + where it takes a prefix, value, unit.
    private const string Definitions = """
        % - 1 10*-2
        [ppth] - 1 10*-3
        [ppm] - 1 10*-6
        [ppb] - 1 10*-9
        [pptr] - 1 10*-12
        sr + 1 rad2
        C + 1 A.s
        Hz + 1 s-1
        N + 1 kg.m/s2
        Pa + 1 N/m2
        J + 1 N.m
        W + 1 J/s
        V + 1 J/C
        F + 1 C/V
        Ohm + 1 V/A
        S + 1 Ohm-1
        Wb + 1 V.s
        T + 1 Wb/m2
        H + 1 Wb/A
        lm + 1 cd.sr
        lx + 1 lm/m2
        Bq + 1 s-1
        Gy + 1 J/kg
        Sv + 1 J/kg
        kat + 1 mol/s
        deg - 2 [pi].rad/360
        gon - 0.9 deg
        ' - 1 deg/60
        '' - 1 '/60
        circ - 2 [pi].rad
        sph - 4 [pi].sr
        l + 1 dm3
        L + 1 l
        ar + 100 m2
        st + 1 m3
        min - 60 s
        h - 60 min
        d - 24 h
        wk - 7 d
        a_t - 365.24219 d
        a_j - 365.25 d
        a_g - 365.2425 d
        a - 1 a_j
        mo_s - 29.53059 d
        mo_j - 1 a_j/12
        mo_g - 1 a_g/12
        mo - 1 mo_j
        t + 1e3 kg
        bar + 1e5 Pa
        u + 1.66053906660e-24 g
        [e] + 1.602176634e-19 C
        eV + 1 [e].V
        AU - 149597.870691 Mm
        pc + 3.085678e16 m
        [c] + 299792458 m/s
        [ly] + 1 [c].a_j
        [h] + 6.62607015e-34 J.s
        [k] + 1.380649e-23 J/K
        [eps_0] + 8.854187817e-12 F/m
        [mu_0] + 4 [pi].10*-7.N/A2
        [G] + 6.67430e-11 m3.kg-1.s-2
        [g] + 9.80665 m/s2
        gf + 1 g.[g]
        atm - 101325 Pa
        att - 1 kgf/cm2
        Ky + 1 cm-1
        Gal + 1 cm/s2
        dyn + 1 g.cm/s2
        erg + 1 dyn.cm
        P + 1 dyn.s/cm2
        St + 1 cm2/s
        Bi + 10 A
        Mx + 1e-8 Wb
        G + 1e-4 T
        Oe + 250 A/m/[pi]
        Gb + 1 Oe.cm
        sb + 1 cd/cm2
        Lmb + 1 cd/cm2/[pi]
        Ci + 37e9 Bq
        R + 2.58e-4 C/kg
        RAD + 100 erg/g
        REM + 1 RAD
        Ao - 0.1 nm
        b - 100 fm2
        mho + 1 S
        [in_i] - 2.54 cm
        [ft_i] - 12 [in_i]
        [yd_i] - 3 [ft_i]
        [mi_i] - 5280 [ft_i]
        [fth_i] - 6 [ft_i]
        [nmi_i] - 1852 m
        [kn_i] - 1 [nmi_i]/h
        [sin_i] - 1 [in_i]2
        [sft_i] - 1 [ft_i]2
        [syd_i] - 1 [yd_i]2
        [cin_i] - 1 [in_i]3
        [cft_i] - 1 [ft_i]3
        [cyd_i] - 1 [yd_i]3
        [bf_i] - 144 [in_i]3
        [mil_i] - 1e-3 [in_i]
        [cml_i] - 1 [pi].[mil_i]2/4
        [mesh_i] - 1 /[in_i]
        [ft_us] - 1200 m/3937
        [in_us] - 1 [ft_us]/12
        [yd_us] - 3 [ft_us]
        [rd_us] - 16.5 [ft_us]
        [fur_us] - 40 [rd_us]
        [mi_us] - 8 [fur_us]
        [acr_us] - 160 [rd_us]2
        [gal_us] - 231 [in_i]3
        [bbl_us] - 42 [gal_us]
        [qt_us] - 1 [gal_us]/4
        [pt_us] - 1 [qt_us]/2
        [gil_us] - 1 [pt_us]/4
        [foz_us] - 1 [gil_us]/4
        [bu_us] - 2150.42 [in_i]3
        [gal_br] - 4.54609 l
        [qt_br] - 1 [gal_br]/4
        [pt_br] - 1 [qt_br]/2
        [foz_br] - 1 [pt_br]/20
        [gr] - 64.79891 mg
        [lb_av] - 7000 [gr]
        [oz_av] - 1 [lb_av]/16
        [dr_av] - 1 [oz_av]/16
        [scwt_av] - 100 [lb_av]
        [lcwt_av] - 112 [lb_av]
        [ston_av] - 20 [scwt_av]
        [lton_av] - 20 [lcwt_av]
        [stone_av] - 14 [lb_av]
        [oz_tr] - 480 [gr]
        [lbf_av] - 1 [lb_av].[g]
        [psi] - 1 [lbf_av]/[in_i]2
        [HP] - 550 [ft_i].[lbf_av]/s
        [degR] - 5 K/9
        cal_[15] + 4.18580 J
        cal_[20] + 4.18190 J
        cal_m + 4.19002 J
        cal_IT + 4.1868 J
        cal_th + 4.184 J
        cal + 1 cal_th
        [Cal] - 1 kcal_th
        [Btu_39] - 1.05967 kJ
        [Btu_59] - 1.05480 kJ
        [Btu_60] - 1.05468 kJ
        [Btu_m] - 1.05587 kJ
        [Btu_IT] - 1.05505585262 kJ
        [Btu_th] - 1.054350 kJ
        [Btu] - 1 [Btu_th]
        m[H2O] + 9.80665 kPa
        m[Hg] + 133.3220 kPa
        [in_i'H2O] - 1 m[H2O].[in_i]/m
        [in_i'Hg] - 1 m[Hg].[in_i]/m
        tex + 1 g/km
        [den] - 1 g/km/9
        [car_m] - 0.2 g
        [car_Au] - 1 /24
        eq + 1 mol
        osm + 1 mol
        U + 1 umol/min
        [NTU] - 1 1
        [FNU] - 1 1
        bit + 1 1
        By + 8 bit
        Bd + 1 /s
        """;

    /// <summary>Logarithmic scales: values of them convert to themselves, whatever their prefix.</summary>
    private static readonly string[] Scales = ["Np", "B", "B[SPL]", "B[V]", "B[mV]", "B[uV]", "B[10.nV]", "B[W]", "B[kW]"];

    public static IReadOnlyDictionary<string, Exact> Prefixes { get; } = new Dictionary<string, Exact>(StringComparer.Ordinal)
    {
        ["Y"] = Exact.OfDecimal("1e24"), ["Z"] = Exact.OfDecimal("1e21"), ["E"] = Exact.OfDecimal("1e18"), ["P"] = Exact.OfDecimal("1e15"), ["T"] = Exact.OfDecimal("1e12"),
        ["G"] = Exact.OfDecimal("1e9"), ["M"] = Exact.OfDecimal("1e6"), ["k"] = Exact.OfDecimal("1e3"), ["h"] = Exact.OfDecimal("1e2"), ["da"] = Exact.OfDecimal("1e1"),
        ["d"] = Exact.OfDecimal("1e-1"), ["c"] = Exact.OfDecimal("1e-2"), ["m"] = Exact.OfDecimal("1e-3"), ["u"] = Exact.OfDecimal("1e-6"), ["n"] = Exact.OfDecimal("1e-9"),
        ["p"] = Exact.OfDecimal("1e-12"), ["f"] = Exact.OfDecimal("1e-15"), ["a"] = Exact.OfDecimal("1e-18"), ["z"] = Exact.OfDecimal("1e-21"), ["y"] = Exact.OfDecimal("1e-24"),
        ["Ki"] = Exact.Of(1L << 10), ["Mi"] = Exact.Of(1L << 20), ["Gi"] = Exact.Of(1L << 30), ["Ti"] = Exact.Of(1L << 40),
    };

    public static IReadOnlyDictionary<string, UcumAtom> All { get; } = Build();

    private static Dictionary<string, UcumAtom> Build()
    {
        var atoms = new Dictionary<string, UcumAtom>(StringComparer.Ordinal)
        {
            ["m"] = Base(new(1, 0, 0, 0, 0, 0, 0, 0)),
            ["g"] = Base(new(0, 1, 0, 0, 0, 0, 0, 0), "1e-3"),
            ["s"] = Base(new(0, 0, 1, 0, 0, 0, 0, 0)),
            ["A"] = Base(new(0, 0, 0, 1, 0, 0, 0, 0)),
            ["K"] = Base(new(0, 0, 0, 0, 1, 0, 0, 0)),
            ["mol"] = Base(new(0, 0, 0, 0, 0, 1, 0, 0)),
            ["cd"] = Base(new(0, 0, 0, 0, 0, 0, 1, 0)),
            ["rad"] = Base(new(0, 0, 0, 0, 0, 0, 0, 1)),
            ["[pi]"] = UcumAtom.Number(Exact.CircleRatio),
        };
        foreach (var line in Definitions.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = line.Split(' ');
            var unit = new UcumReader(parts[3], atoms).Read() ?? throw new InvalidDataException($"{parts[0]} is told by {parts[3]}, which is no unit");
            atoms.Add(parts[0], unit with { Factor = unit.Factor * Exact.OfDecimal(parts[2]), IsMetric = parts[1] == "+" });
        }

        var temperature = atoms["K"];
        var fahrenheit = Exact.Of(5) / Exact.Of(9);
        atoms.Add("Cel", temperature with { Offset = Exact.OfDecimal("273.15") });
        atoms.Add("[degF]", temperature with { Factor = fahrenheit, Offset = Exact.OfDecimal("459.67") * fahrenheit, IsMetric = false });
        atoms.Add("[degRe]", temperature with { Factor = Exact.OfDecimal("1.25"), Offset = Exact.OfDecimal("273.15"), IsMetric = false });
        atoms.Add("[pH]", UcumAtom.Number(Exact.One) with { Scale = "[pH]" });
        foreach (var scale in Scales)
        {
            atoms.Add(scale, UcumAtom.Number(Exact.One) with { Scale = scale, IsMetric = true });
        }

        return atoms;
    }

    private static UcumAtom Base(Dimension dimension, string factor = "1") => new(Exact.OfDecimal(factor), dimension, Exact.Zero, IsMetric: true);
}
