import { createRoot } from 'react-dom/client'
import { chooseSite } from './api/site'
import { App } from './app'
import './ui/base.css'
import './ui/layout.css'
import './ui/store.css'
import './ui/parts.css'
import './ui/narrow.css'

const root = document.getElementById('root')
if (root) void chooseSite().finally(() => createRoot(root).render(<App />))
