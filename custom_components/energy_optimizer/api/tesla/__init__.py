"""What Tesla's servers have in common, whatever stands behind them: logins, tokens, failures and bills."""
