import { createContext, useContext, useState, type ReactNode } from 'react'
import i18n from '../texts'

type Preferences = { language: string; setLanguage: (l: string) => void; dark: boolean; setDark: (d: boolean) => void }

const Context = createContext<Preferences>({ language: 'zh', setLanguage: () => {}, dark: false, setDark: () => {} })

export const usePreferences = () => useContext(Context)

const apply = (language: string, dark: boolean) => {
  document.documentElement.lang = language
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light'
}

/** Language and theme of this browser. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setL] = useState(i18n.language)
  const [dark, setD] = useState(
    () =>
      localStorage.getItem('dark') === 'yes' ||
      (localStorage.getItem('dark') === null && window.matchMedia('(prefers-color-scheme: dark)').matches),
  )
  apply(language, dark)
  const setLanguage = (l: string) => {
    localStorage.setItem('language', l)
    void i18n.changeLanguage(l)
    setL(l)
  }
  const setDark = (d: boolean) => {
    localStorage.setItem('dark', d ? 'yes' : 'no')
    setD(d)
  }
  return <Context value={{ language, setLanguage, dark, setDark }}>{children}</Context>
}
