import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { FaultBoundary } from './parts/fault-boundary';
import { applyTheme, savedTheme } from './theme';

// Before anything is drawn: else it is drawn in the system's colours first.
applyTheme(savedTheme());

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
createRoot(root).render(
  <StrictMode>
    <FaultBoundary>
      <App />
    </FaultBoundary>
  </StrictMode>,
);
