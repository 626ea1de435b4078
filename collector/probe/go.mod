module telltale/probe

go 1.25.0
